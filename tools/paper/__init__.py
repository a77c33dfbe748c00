"""The paper's tables, and mnv3's figures beside them."""
