"""The paper's tables with mnv3's numbers, as text, records and plot."""
