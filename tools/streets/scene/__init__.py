"""A street: where things stand, the camera, the light."""
