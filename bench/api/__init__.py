"""What `import bench` gives: run, compare and load, and results that plot and show themselves."""
