"""All writes of the year's work, one verb a function: authorise, load under lock, ask the rules, change, journal. They never commit."""
