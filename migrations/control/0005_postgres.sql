-- What an operation does, where neither its kind nor its purpose says.
ALTER TABLE operation ADD COLUMN task TEXT;
