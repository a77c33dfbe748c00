"""The paper's tables with our numbers, as text, sheet and plot."""
