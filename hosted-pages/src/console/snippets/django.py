# views.py
import os
from pathlib import Path

from authlib.integrations.django_client import OAuth
from django.shortcuts import redirect

oauth = OAuth()
oauth.register(
    name="polder",
    server_metadata_url="@ISSUER@/.well-known/openid-configuration",
    client_id="@CLIENT_ID@",
    client_secret=Path(os.environ["OIDC_CLIENT_SECRET_FILE"]).read_text().strip(),
    client_kwargs={"scope": "openid email profile", "code_challenge_method": "S256"},
)


# To sign somebody in:
def login(request):
    return oauth.polder.authorize_redirect(request, "@REDIRECT_URI@")


# When they come back to the redirect URI:
def callback(request):
    token = oauth.polder.authorize_access_token(request)
    request.session["person"] = token["userinfo"]  # sub, email, name
    return redirect("/")
