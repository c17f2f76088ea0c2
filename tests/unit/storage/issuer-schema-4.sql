-- As LedgerOS's fourth version made it; never edited.
BEGIN TRANSACTION;
CREATE TABLE access_events (
	id TEXT NOT NULL,
	org_id TEXT NOT NULL,
	card_id TEXT NOT NULL,
	agent_id TEXT NOT NULL,
	status TEXT NOT NULL,
	denied_reason TEXT,
	exposure_mode TEXT NOT NULL,
	summary TEXT NOT NULL,
	expected_amount INTEGER,
	expected_currency TEXT NOT NULL,
	merchant_text TEXT,
	merchant_key TEXT NOT NULL,
	reason TEXT NOT NULL,
	intent_id TEXT,
	origin TEXT,
	token_hash BLOB,
	bound_broker TEXT,
	created_at INTEGER NOT NULL,
	granted_at INTEGER,
	expires_at INTEGER,
	consumed_at INTEGER,
	redeemed_by TEXT,
	PRIMARY KEY (id),
	FOREIGN KEY(org_id) REFERENCES organisations (id),
	FOREIGN KEY(card_id) REFERENCES cards (id),
	FOREIGN KEY(agent_id) REFERENCES agents (id),
	UNIQUE (token_hash)
);
CREATE TABLE actions (
	device_id TEXT NOT NULL,
	nonce TEXT NOT NULL,
	org_id TEXT NOT NULL,
	signed TEXT NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY (device_id, nonce),
	FOREIGN KEY(device_id) REFERENCES devices (id),
	FOREIGN KEY(org_id) REFERENCES organisations (id)
);
CREATE TABLE agent_tokens (
	id TEXT NOT NULL,
	agent_id TEXT NOT NULL,
	prefix TEXT NOT NULL,
	hash BLOB NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER,
	last_used_at INTEGER,
	revoked_at INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY(agent_id) REFERENCES agents (id),
	UNIQUE (hash)
);
CREATE TABLE agents (
	id TEXT NOT NULL,
	org_id TEXT NOT NULL,
	user_id TEXT NOT NULL,
	external_id TEXT,
	name TEXT NOT NULL,
	description TEXT,
	status TEXT NOT NULL,
	spending_limit INTEGER,
	spending_limit_frequency TEXT NOT NULL,
	on_limit_exceeded TEXT NOT NULL,
	max_cards INTEGER,
	metadata TEXT,
	created_at INTEGER NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(org_id) REFERENCES organisations (id),
	FOREIGN KEY(user_id) REFERENCES users (id)
);
CREATE TABLE api_keys (
	id TEXT NOT NULL,
	org_id TEXT NOT NULL,
	kind TEXT NOT NULL,
	name TEXT NOT NULL,
	prefix TEXT NOT NULL,
	hash BLOB NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER,
	last_used_at INTEGER,
	revoked_at INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY(org_id) REFERENCES organisations (id),
	UNIQUE (hash)
);
CREATE TABLE brokers (
	id TEXT NOT NULL,
	org_id TEXT NOT NULL,
	name TEXT NOT NULL,
	enrolled_at INTEGER NOT NULL,
	revoked_at INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY(org_id) REFERENCES organisations (id)
);
CREATE TABLE cards (
	id TEXT NOT NULL,
	org_id TEXT NOT NULL,
	user_id TEXT NOT NULL,
	agent_id TEXT NOT NULL,
	status TEXT NOT NULL,
	type TEXT NOT NULL,
	purpose TEXT NOT NULL,
	exposure TEXT NOT NULL,
	require_release BOOLEAN NOT NULL,
	max_amount INTEGER,
	per_auth INTEGER,
	per_day INTEGER,
	per_month INTEGER,
	max_auth_count INTEGER,
	closes_at INTEGER,
	attestation_window_minutes INTEGER NOT NULL,
	merchant_hint TEXT,
	on_drift TEXT NOT NULL,
	external_id TEXT,
	locked_merchant TEXT,
	last4 TEXT NOT NULL,
	expiration_month INTEGER NOT NULL,
	expiration_year INTEGER NOT NULL,
	kek_version INTEGER NOT NULL,
	wrapped_key BLOB NOT NULL,
	number_ciphertext BLOB NOT NULL,
	number_index BLOB NOT NULL,
	created_at INTEGER NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(org_id) REFERENCES organisations (id),
	FOREIGN KEY(user_id) REFERENCES users (id),
	FOREIGN KEY(agent_id) REFERENCES agents (id),
	UNIQUE (number_index)
);
CREATE TABLE decisions (
	access_event_id TEXT NOT NULL,
	org_id TEXT NOT NULL,
	release_id TEXT NOT NULL,
	broker_id TEXT NOT NULL,
	device_id TEXT NOT NULL,
	passkey_id TEXT,
	digest BLOB NOT NULL,
	signed TEXT NOT NULL,
	facts_hash BLOB NOT NULL,
	nonce TEXT NOT NULL,
	approval TEXT NOT NULL,
	redeemed_at INTEGER NOT NULL,
	outcome TEXT,
	outcome_fields TEXT,
	outcome_at INTEGER,
	intent_id TEXT,
	grant_id TEXT,
	redeems INTEGER DEFAULT '1' NOT NULL,
	PRIMARY KEY (access_event_id),
	UNIQUE (org_id, release_id),
	UNIQUE (device_id, nonce),
	FOREIGN KEY(access_event_id) REFERENCES access_events (id),
	FOREIGN KEY(org_id) REFERENCES organisations (id),
	FOREIGN KEY(device_id) REFERENCES devices (id),
	FOREIGN KEY(passkey_id) REFERENCES passkeys (id)
);
CREATE TABLE devices (
	id TEXT NOT NULL,
	org_id TEXT NOT NULL,
	broker_id TEXT NOT NULL,
	name TEXT NOT NULL,
	extension_origin TEXT NOT NULL,
	signing_key BLOB NOT NULL,
	sealing_key BLOB NOT NULL,
	sealing_key_id TEXT NOT NULL,
	enrolled_at INTEGER NOT NULL,
	revoked_at INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY(org_id) REFERENCES organisations (id),
	FOREIGN KEY(broker_id) REFERENCES brokers (id)
);
CREATE TABLE egress_keys (
	id TEXT NOT NULL,
	org_id TEXT NOT NULL,
	broker_id TEXT NOT NULL,
	name TEXT NOT NULL,
	sealing_key BLOB NOT NULL,
	sealing_key_id TEXT NOT NULL,
	enrolled_at INTEGER NOT NULL,
	revoked_at INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY(org_id) REFERENCES organisations (id),
	FOREIGN KEY(broker_id) REFERENCES brokers (id)
);
CREATE TABLE enrolment_codes (
	id TEXT NOT NULL,
	org_id TEXT NOT NULL,
	kind TEXT NOT NULL,
	code_id TEXT NOT NULL,
	proof_key BLOB NOT NULL,
	created_by TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	tries INTEGER NOT NULL,
	used_at INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY(org_id) REFERENCES organisations (id),
	UNIQUE (code_id)
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
CREATE TABLE first_answers (
	id BLOB NOT NULL,
	route TEXT NOT NULL,
	body_mac BLOB NOT NULL,
	status INTEGER,
	answer BLOB,
	created_at INTEGER NOT NULL,
	PRIMARY KEY (id)
);
CREATE TABLE grant_days (
	grant_id TEXT NOT NULL,
	day INTEGER NOT NULL,
	used INTEGER NOT NULL,
	PRIMARY KEY (grant_id, day),
	FOREIGN KEY(grant_id) REFERENCES grants (id)
);
CREATE TABLE grants (
	id TEXT NOT NULL,
	org_id TEXT NOT NULL,
	broker_id TEXT NOT NULL,
	device_id TEXT NOT NULL,
	passkey_id TEXT NOT NULL,
	agent_id TEXT NOT NULL,
	signed TEXT NOT NULL,
	nonce TEXT NOT NULL,
	made_at INTEGER NOT NULL,
	ends_at INTEGER NOT NULL,
	used_total INTEGER NOT NULL,
	last_used_at INTEGER,
	revoked_at INTEGER,
	PRIMARY KEY (id),
	UNIQUE (device_id, nonce),
	FOREIGN KEY(org_id) REFERENCES organisations (id),
	FOREIGN KEY(broker_id) REFERENCES brokers (id),
	FOREIGN KEY(device_id) REFERENCES devices (id),
	FOREIGN KEY(passkey_id) REFERENCES passkeys (id),
	FOREIGN KEY(agent_id) REFERENCES agents (id)
);
CREATE TABLE intent_introspections (
	facts_hash BLOB NOT NULL,
	intent_id TEXT NOT NULL,
	broker_id TEXT NOT NULL,
	facts TEXT NOT NULL,
	issued_at INTEGER NOT NULL,
	PRIMARY KEY (facts_hash),
	FOREIGN KEY(intent_id) REFERENCES intents (id)
);
CREATE TABLE intents (
	id TEXT NOT NULL,
	org_id TEXT NOT NULL,
	card_id TEXT NOT NULL,
	agent_id TEXT NOT NULL,
	external_id TEXT,
	status TEXT NOT NULL,
	summary TEXT NOT NULL,
	expected_amount INTEGER NOT NULL,
	expected_currency TEXT NOT NULL,
	expected_merchant TEXT,
	merchant_key TEXT NOT NULL,
	tolerance INTEGER NOT NULL,
	metadata TEXT,
	bound_broker TEXT,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	decided_at INTEGER,
	actual_amount INTEGER,
	actual_merchant TEXT,
	PRIMARY KEY (id),
	UNIQUE (card_id, external_id),
	FOREIGN KEY(org_id) REFERENCES organisations (id),
	FOREIGN KEY(card_id) REFERENCES cards (id),
	FOREIGN KEY(agent_id) REFERENCES agents (id)
);
CREATE TABLE introspections (
	facts_hash BLOB NOT NULL,
	access_event_id TEXT NOT NULL,
	broker_id TEXT NOT NULL,
	facts TEXT NOT NULL,
	issued_at INTEGER NOT NULL,
	PRIMARY KEY (facts_hash),
	FOREIGN KEY(access_event_id) REFERENCES access_events (id)
);
CREATE TABLE merchant_links (
	org_id TEXT NOT NULL,
	merchant_key TEXT NOT NULL,
	origin TEXT NOT NULL,
	linked_at INTEGER NOT NULL,
	PRIMARY KEY (org_id, merchant_key, origin),
	FOREIGN KEY(org_id) REFERENCES organisations (id)
);
CREATE TABLE organisations (
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	approval TEXT NOT NULL,
	step_up_above INTEGER NOT NULL,
	raw_pan_enabled BOOLEAN NOT NULL,
	created_at INTEGER NOT NULL,
	PRIMARY KEY (id)
);
CREATE TABLE passkeys (
	id TEXT NOT NULL,
	credential_id TEXT NOT NULL,
	org_id TEXT NOT NULL,
	device_id TEXT NOT NULL,
	public_key BLOB NOT NULL,
	sign_count INTEGER NOT NULL,
	enrolled_at INTEGER NOT NULL,
	revoked_at INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY(org_id) REFERENCES organisations (id),
	FOREIGN KEY(device_id) REFERENCES devices (id)
);
CREATE TABLE people (
	id TEXT NOT NULL,
	org_id TEXT NOT NULL,
	name TEXT NOT NULL,
	name_key TEXT NOT NULL,
	password_salt BLOB NOT NULL,
	password_hash BLOB NOT NULL,
	created_at INTEGER NOT NULL,
	PRIMARY KEY (id),
	FOREIGN KEY(org_id) REFERENCES organisations (id),
	UNIQUE (name_key)
);
CREATE TABLE sessions (
	hash BLOB NOT NULL,
	person_id TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	seen_at INTEGER NOT NULL,
	ended_at INTEGER,
	PRIMARY KEY (hash),
	FOREIGN KEY(person_id) REFERENCES people (id)
);
CREATE TABLE setup_links (
	hash BLOB NOT NULL,
	created_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	used_at INTEGER,
	PRIMARY KEY (hash)
);
CREATE TABLE surrogates (
	access_event_id TEXT NOT NULL,
	org_id TEXT NOT NULL,
	card_id TEXT NOT NULL,
	release_id TEXT NOT NULL,
	number TEXT NOT NULL,
	reserved_at INTEGER NOT NULL,
	ends_at INTEGER NOT NULL,
	PRIMARY KEY (access_event_id),
	FOREIGN KEY(access_event_id) REFERENCES access_events (id),
	FOREIGN KEY(org_id) REFERENCES organisations (id),
	FOREIGN KEY(card_id) REFERENCES cards (id)
);
CREATE TABLE transactions (
	id TEXT NOT NULL,
	org_id TEXT NOT NULL,
	acquirer_id TEXT NOT NULL,
	card_id TEXT,
	agent_id TEXT,
	user_id TEXT,
	amount INTEGER NOT NULL,
	authorized_amount INTEGER NOT NULL,
	currency TEXT NOT NULL,
	status TEXT NOT NULL,
	declined_reason TEXT,
	attestation_status TEXT NOT NULL,
	access_event_id TEXT,
	window_id TEXT,
	previous_transaction_id TEXT,
	merchant TEXT NOT NULL,
	merchant_key TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	authorized_at INTEGER,
	posted_at INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY(org_id) REFERENCES organisations (id),
	FOREIGN KEY(acquirer_id) REFERENCES api_keys (id),
	FOREIGN KEY(card_id) REFERENCES cards (id),
	FOREIGN KEY(agent_id) REFERENCES agents (id),
	FOREIGN KEY(user_id) REFERENCES users (id),
	FOREIGN KEY(access_event_id) REFERENCES access_events (id),
	FOREIGN KEY(window_id) REFERENCES windows (id),
	FOREIGN KEY(previous_transaction_id) REFERENCES transactions (id)
);
CREATE TABLE users (
	id TEXT NOT NULL,
	org_id TEXT NOT NULL,
	first_name TEXT NOT NULL,
	last_name TEXT NOT NULL,
	email TEXT NOT NULL,
	application_status TEXT NOT NULL,
	link_hash BLOB NOT NULL,
	credit_limit INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	decided_at INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY(org_id) REFERENCES organisations (id),
	UNIQUE (link_hash)
);
CREATE TABLE windows (
	id TEXT NOT NULL,
	org_id TEXT NOT NULL,
	access_event_id TEXT NOT NULL,
	card_id TEXT NOT NULL,
	max_amount INTEGER NOT NULL,
	currency TEXT NOT NULL,
	origin TEXT NOT NULL,
	opened_at INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	consumed_at INTEGER,
	closed_at INTEGER,
	PRIMARY KEY (id),
	FOREIGN KEY(org_id) REFERENCES organisations (id),
	UNIQUE (access_event_id),
	FOREIGN KEY(access_event_id) REFERENCES access_events (id),
	FOREIGN KEY(card_id) REFERENCES cards (id)
);
CREATE INDEX events_card_alarms ON events (at) WHERE name IN ('alarm:surrogate:presented', 'alarm:token:replayed', 'alarm:token:stolen');
CREATE INDEX ix_api_keys_org_id ON api_keys (org_id);
CREATE INDEX ix_brokers_org_id ON brokers (org_id);
CREATE INDEX ix_users_org_id ON users (org_id);
CREATE INDEX ix_agents_org_id ON agents (org_id);
CREATE INDEX ix_agents_user_id ON agents (user_id);
CREATE INDEX ix_devices_org_id ON devices (org_id);
CREATE INDEX devices_key ON devices (org_id, signing_key);
CREATE INDEX egress_keys_key ON egress_keys (org_id, sealing_key);
CREATE INDEX ix_egress_keys_org_id ON egress_keys (org_id);
CREATE INDEX ix_agent_tokens_agent_id ON agent_tokens (agent_id);
CREATE INDEX ix_passkeys_device_id ON passkeys (device_id);
CREATE INDEX passkeys_credential ON passkeys (credential_id);
CREATE INDEX ix_passkeys_org_id ON passkeys (org_id);
CREATE INDEX ix_cards_user_id ON cards (user_id);
CREATE INDEX ix_cards_agent_id ON cards (agent_id);
CREATE INDEX ix_cards_org_id ON cards (org_id);
CREATE INDEX ix_access_events_org_id ON access_events (org_id);
CREATE INDEX access_events_card ON access_events (card_id, created_at);
CREATE INDEX ix_access_events_agent_id ON access_events (agent_id);
CREATE INDEX access_events_open ON access_events (expires_at) WHERE status = 'granted';
CREATE INDEX ix_grants_org_id ON grants (org_id);
CREATE INDEX grants_agent ON grants (agent_id, ends_at);
CREATE INDEX intents_open ON intents (expires_at) WHERE status IN ('pending_approval', 'pending');
CREATE INDEX ix_intents_org_id ON intents (org_id);
CREATE INDEX intents_card ON intents (card_id, created_at);
CREATE INDEX ix_intent_introspections_intent_id ON intent_introspections (intent_id);
CREATE INDEX ix_introspections_access_event_id ON introspections (access_event_id);
CREATE INDEX surrogates_end ON surrogates (ends_at);
CREATE INDEX surrogates_number ON surrogates (number, reserved_at);
CREATE INDEX windows_open ON windows (card_id, consumed_at);
CREATE INDEX transactions_card ON transactions (card_id, created_at);
CREATE INDEX ix_transactions_user_id ON transactions (user_id);
CREATE INDEX transactions_agent ON transactions (agent_id, created_at);
CREATE INDEX ix_transactions_org_id ON transactions (org_id);
PRAGMA user_version = 4;
COMMIT;
