"""The ledger of information systems (情報システム台帳): what the city runs, who owns it, where it stands, until when it is supported."""
