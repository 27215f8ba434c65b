-- A table that is there already, from before the hub had migrations, stays as it is.
-- +goose Up
CREATE TABLE IF NOT EXISTS ll_usuarios (
	id            BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
	cliente_id    BIGINT UNSIGNED NOT NULL,
	usuario       VARCHAR(191)    NOT NULL,
	password_hash VARCHAR(255)    NOT NULL,
	tipo          VARCHAR(20)     NOT NULL DEFAULT 'cliente',
	activo        TINYINT(1)      NOT NULL DEFAULT 1,
	created_at    DATETIME        NOT NULL DEFAULT CURRENT_TIMESTAMP,
	UNIQUE KEY uq_usuario (usuario)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;
