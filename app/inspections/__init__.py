"""The year's work: campaign, sheet, review, sign-off."""
