"""The live screen of a watch: what is known while it runs, drawn on a terminal; textual is imported only when it is shown."""
