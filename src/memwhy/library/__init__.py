"""The library face: what `import memwhy` offers to programs and notebooks. `memwhy/__init__.py` names it; nothing here is eager."""
