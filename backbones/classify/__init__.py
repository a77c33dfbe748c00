"""Classification: any backbone with its family's classifier, with weights from elsewhere, and what it costs."""
