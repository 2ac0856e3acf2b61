"""The apps to compare with, each as small as its tutorial."""
