"""SSDLite detection: anchors, matching, loss, post-processing, COCO data and scores."""
