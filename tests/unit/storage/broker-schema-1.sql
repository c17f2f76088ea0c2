-- As LedgerOS's first version made it; never edited.
BEGIN TRANSACTION;
CREATE TABLE agents (
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	credential_hash BLOB NOT NULL,
	created_at INTEGER NOT NULL,
	revoked_at INTEGER,
	PRIMARY KEY (id),
	UNIQUE (credential_hash)
);
CREATE TABLE devices (
	id TEXT NOT NULL,
	signing_key BLOB NOT NULL,
	name TEXT NOT NULL,
	paired_at INTEGER NOT NULL,
	last_seen INTEGER,
	revoked_at INTEGER,
	PRIMARY KEY (id),
	UNIQUE (signing_key)
);
CREATE TABLE events (
	seq INTEGER NOT NULL,
	at INTEGER NOT NULL,
	name TEXT NOT NULL,
	facts TEXT NOT NULL,
	previous BLOB NOT NULL,
	hash BLOB NOT NULL,
	PRIMARY KEY (seq)
);
CREATE TABLE pairing_codes (
	code_id TEXT NOT NULL,
	proof_key BLOB NOT NULL,
	expires_at INTEGER NOT NULL,
	tries INTEGER NOT NULL,
	PRIMARY KEY (code_id)
);
CREATE TABLE releases (
	id TEXT NOT NULL,
	agent_id TEXT NOT NULL,
	token_hash BLOB NOT NULL,
	status TEXT NOT NULL,
	outcome TEXT,
	detail TEXT,
	card_id TEXT,
	last4 TEXT,
	access_event_id TEXT,
	device_id TEXT,
	origin TEXT,
	mode TEXT,
	fields TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	finished_at INTEGER,
	reported_at INTEGER,
	PRIMARY KEY (id),
	UNIQUE (token_hash)
);
CREATE INDEX releases_by_agent ON releases (agent_id, created_at);
CREATE INDEX releases_by_status ON releases (status);
COMMIT;
PRAGMA user_version = 1;
