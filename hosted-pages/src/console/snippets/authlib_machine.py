import os
from pathlib import Path

import requests
from authlib.integrations.requests_client import OAuth2Session

metadata = requests.get("@ISSUER@/.well-known/openid-configuration", timeout=10).json()
client = OAuth2Session(
    client_id="@CLIENT_ID@",
    client_secret=Path(os.environ["OIDC_CLIENT_SECRET_FILE"]).read_text().strip(),
    token_endpoint_auth_method="client_secret_basic",
)

# Keep the token until it expires.
token = client.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
authorization = f"Bearer {token['access_token']}"
