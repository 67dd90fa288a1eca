package secret_test

import (
	"strings"
	"testing"

	"github.com/spanroute/spanroute/internal/secret"
)

func TestName(t *testing.T) {
	secrets := []string{
		"password", "PASSWORD", "db_password", "passwd", "passphrase", "pwd", "userpass", "passcode",
		"token", "access_token", "id_token", "X-Amz-Security-Token", "x-vault-token", "private-token", "csrftoken",
		"secret", "client_secret", "clientSecret",
		"key", "api_key", "api-key", "apikey", "APIKey", "X-Api-Key", "x-goog-api-key", "AWSAccessKeyId", "awsaccesskeyid", "mykey", "keys",
		"auth", "authorization", "proxy-authorization", "authorization-bin", "oauth", "authz",
		"sig", "signature", "Signature", "X-Goog-Signature", "hmac",
		"cookie", "set-cookie", "Set-Cookie2", "session", "session_id", "PHPSESSIONID", "PHPSESSID", "sess", "sid",
		"credential", "X-Amz-Credential", "credentials", "creds",
		"cert", "x-forwarded-client-cert", "x-csrf-token", "xsrf", "jwt", "nonce", "SAMLResponse", "client_assertion", "code_verifier", "authentication", "psk", "totp", "hdnts",
		"oauth2", "auth0", "api_key1", "X-Api-Key2", "cert1", "pass2", "sig2", "DB_PASS_1", "token00", "basicauth", "x-webauth", "authcode", "dpop",
		"user_pw", "userpw", "X-Pw", "pw1", "pswd", "tkn", "dsn", "SAMLart", "JWTAssertion", "OTPCode", "PSKIdentity", "HMACValue", "KEYId", "APIKeyID",
		"a.b.secret.c", "%token%", strings.Repeat("x", 40) + "token", strings.Repeat("x", 62) + "token", strings.Repeat("x", 900) + "_key", strings.Repeat("x", 900) + "key",
	}
	for _, name := range secrets {
		if !secret.Name(name) {
			t.Errorf("Name(%q) = false, want true", name)
		}
	}
	plain := []string{
		"", "q", "id", "ke", "name", "keyword", "keyboard", "author", "authority", "design", "signal", "certain", "passenger",
		"monkey", "turkey", "bypass", "bypass_cache", "compass", "concert", "h2", "md5", "sha256", "x509", "utf8", "1", "0auth0r", "AUTHor", "KEYboard", "XMLName", "HTTPSProxy",
		"accept", "content-type", "user-agent", "assert", "verify", "assess", "authenticated", "traceparent", "x-request-id", "host", "page", "limit", "side", "endpoint", "insecure",
	}
	for _, name := range plain {
		if secret.Name(name) {
			t.Errorf("Name(%q) = true, want false", name)
		}
	}
}

func TestNameAllocatesNothing(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { secret.Name("X-Forwarded-For"); secret.Name("AWSAccessKeyId") }); n != 0 {
		t.Errorf("Name allocates %v times, want none", n)
	}
}

func TestRedact(t *testing.T) {
	tests := []struct {
		name, text string
		values     []string
		want       string
	}{
		{"no value", "hunter2", nil, "hunter2"},
		{"an empty value", "hunter2", []string{""}, "hunter2"},
		{"every occurrence", "a hunter2 b hunter2", []string{"hunter2"}, "a *** b ***"},
		{"a value inside a longer one", "Basic aHVudGVy", []string{"Basic", "Basic aHVudGVy"}, "***"},
		{"a short value", "x=7", []string{"7"}, "x=***"},
	}
	for _, tt := range tests {
		if got := secret.Redact(tt.text, tt.values...); got != tt.want {
			t.Errorf("%s: Redact(%q) = %q, want %q", tt.name, tt.text, got, tt.want)
		}
	}
}
