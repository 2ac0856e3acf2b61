"""Run tools against a model: runs, their files and reports."""
