-- +goose Up
CREATE TABLE IF NOT EXISTS ll_whatsapp_qr_sessions (
	id                  INTEGER PRIMARY KEY AUTOINCREMENT,
	cliente_id          INTEGER  NOT NULL,
	enabled             BOOLEAN  NOT NULL DEFAULT 1,
	enabled_by_admin_id INTEGER  NOT NULL,
	enabled_at          DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
	expires_at          DATETIME NULL,
	revoked_at          DATETIME NULL,
	created_at          DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_cliente_id ON ll_whatsapp_qr_sessions (cliente_id);
CREATE INDEX IF NOT EXISTS idx_expires_at ON ll_whatsapp_qr_sessions (expires_at);
CREATE INDEX IF NOT EXISTS idx_enabled ON ll_whatsapp_qr_sessions (enabled);
CREATE INDEX IF NOT EXISTS idx_enabled_by_admin ON ll_whatsapp_qr_sessions (enabled_by_admin_id);
