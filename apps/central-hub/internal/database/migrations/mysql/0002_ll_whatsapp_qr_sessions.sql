-- A table that is there already, from before the hub had migrations, stays as it is:
-- its expires_at is NOT NULL, and its unique key allows two rows of a customer.
-- +goose Up
CREATE TABLE IF NOT EXISTS ll_whatsapp_qr_sessions (
	id                  BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
	cliente_id          BIGINT UNSIGNED NOT NULL,
	enabled             TINYINT(1)      NOT NULL DEFAULT 1,
	enabled_by_admin_id BIGINT UNSIGNED NOT NULL,
	enabled_at          DATETIME        NOT NULL DEFAULT CURRENT_TIMESTAMP,
	expires_at          DATETIME        NULL DEFAULT NULL,
	revoked_at          DATETIME        NULL DEFAULT NULL,
	created_at          DATETIME        NOT NULL DEFAULT CURRENT_TIMESTAMP,
	UNIQUE KEY uq_cliente_id (cliente_id),
	KEY idx_expires_at (expires_at),
	KEY idx_enabled (enabled),
	KEY idx_enabled_by_admin (enabled_by_admin_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;
