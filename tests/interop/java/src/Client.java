import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Timer;
import java.util.TimerTask;

import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.util.JSONObjectUtils;

/**
 * Plays relying parties made with Nimbus' oauth2-oidc-sdk, told and asked as those for Node are (party.mjs): one JSON
 * text a line, what they are told on standard input, what they found on standard output.
 */
public final class Client {
    private static final BufferedReader LINES =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));

    public static void main(String[] arguments) throws Exception {
        // Nobody waits for ever for one that hangs.
        new Timer(true).schedule(new TimerTask() {
            @Override public void run() {
                Runtime.getRuntime().halt(2);
            }
        }, 120_000);
        ECKey key = Parties.key("one");
        say(Map.of("jwks", Map.of("keys", new Object[] {key.toPublicJWK().toJSONObject()})));
        Path hosts = Files.createTempFile("hosts", null);
        hosts.toFile().deleteOnExit();
        // Before anything looks a name up.
        System.setProperty("jdk.net.hosts.file", hosts.toString());
        for (String line = LINES.readLine(); line != null; line = LINES.readLine()) {
            Map<String, Object> told = JSONObjectUtils.parse(line);
            // Names below localhost are this machine (RFC 6761), which not every resolver knows.
            Files.writeString(hosts, "127.0.0.1 " + URI.create((String) told.get("issuer")).getHost() + "\n");
            say(Map.of("found", new Parties(told, key).play((String) told.get("party"))));
        }
    }

    /** Has a browser go there; gives where it ended. */
    static URI visit(URI address) throws Exception {
        say(Map.of("open", address.toString()));
        return URI.create((String) JSONObjectUtils.parse(LINES.readLine()).get("landed"));
    }

    private static void say(Map<String, ?> what) {
        System.out.println(JSONObjectUtils.toJSONString(what));
        System.out.flush();
    }
}
