"""The apps that ours is measured against, each as small as its tutorial."""
