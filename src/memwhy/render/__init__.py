"""Report to text, Markdown or JSON. A view formats what the report says and computes nothing."""
