# What this project uses of axe-playwright-python 0.1, which publishes no types.
AXE_SCRIPT: str
