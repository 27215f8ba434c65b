-- +goose Up
CREATE TABLE IF NOT EXISTS ll_usuarios (
	id            INTEGER PRIMARY KEY AUTOINCREMENT,
	cliente_id    INTEGER  NOT NULL,
	usuario       TEXT     NOT NULL,
	password_hash TEXT     NOT NULL,
	tipo          TEXT     NOT NULL DEFAULT 'cliente',
	activo        INTEGER  NOT NULL DEFAULT 1,
	created_at    DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX IF NOT EXISTS uq_usuario ON ll_usuarios (usuario);
