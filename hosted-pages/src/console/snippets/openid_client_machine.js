import { readFile } from "node:fs/promises"
import * as client from "openid-client"

const secret = (await readFile(process.env.OIDC_CLIENT_SECRET_FILE, "utf8")).trim()
const config = await client.discovery(
  new URL("@ISSUER@"),
  "@CLIENT_ID@",
  undefined,
  client.ClientSecretBasic(secret)@OPTIONS@
)

// Keep the token until it expires.
const tokens = await client.clientCredentialsGrant(config)
const authorization = `Bearer ${tokens.access_token}`
