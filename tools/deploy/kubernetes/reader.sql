-- The role `virtuoso_reader` of the servers: it reads the history and can do nothing else. psql runs this as the role of the
-- collectors, which owns the tables, with the new password in POSTGRES_READER_PASSWORD. It can be run again.
\set ON_ERROR_STOP on
\getenv password POSTGRES_READER_PASSWORD
SELECT 'CREATE ROLE virtuoso_reader' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'virtuoso_reader') \gexec
ALTER ROLE virtuoso_reader LOGIN PASSWORD :'password' CONNECTION LIMIT 100;
ALTER ROLE virtuoso_reader SET default_transaction_read_only = on;
SELECT format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()) \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO virtuoso_reader', current_database()) \gexec
GRANT USAGE ON SCHEMA public TO virtuoso_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO virtuoso_reader;
-- Also for the tables that the first collector and later releases create.
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO virtuoso_reader;
