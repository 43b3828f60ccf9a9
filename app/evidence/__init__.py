"""Evidence (証跡): what shows that an answer is true, as a file or by where it is to be found."""
