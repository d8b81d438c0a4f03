"""Pages: one file each, with all that it needs, light and dark, readable without scripts."""
