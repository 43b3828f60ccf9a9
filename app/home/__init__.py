"""あなたの作業: what each role has to do now, by due date."""
