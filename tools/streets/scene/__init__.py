"""A street scene: layout, camera, light."""
