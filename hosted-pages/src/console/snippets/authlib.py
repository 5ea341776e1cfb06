import os
from pathlib import Path

from authlib.integrations.flask_client import OAuth

oauth = OAuth(app)
oauth.register(
    name="polder",
    server_metadata_url="@ISSUER@/.well-known/openid-configuration",
    client_id="@CLIENT_ID@",
    client_secret=Path(os.environ["OIDC_CLIENT_SECRET_FILE"]).read_text().strip(),
    client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256"},
)


# To sign somebody in:
@app.get("/login")
def login():
    return oauth.polder.authorize_redirect("@REDIRECT_URI@")


# When they come back to the redirect URI:
@app.get("/callback")
def callback():
    token = oauth.polder.authorize_access_token()
    session["person"] = token["userinfo"]  # sub, email, name
    return redirect("/")
