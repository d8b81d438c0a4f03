from go_programs import incgo, server, stripped_incgo

__all__ = ["incgo", "server", "stripped_incgo"]
