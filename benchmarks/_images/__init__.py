"""The parts of images.py: pictures, embeddings and selections, networks, learners, results."""
