from shop_program import shop

__all__ = ["shop"]
