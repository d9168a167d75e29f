package policy

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// canary is what no mask may let through.
const canary = "C4n4ryC4n4ryC4n4ryC4n4ryC4n4ryC4n4ry"

func TestMask(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"nothing", "rotation failed 3 times in createSecret", "rotation failed 3 times in createSecret"},
		{"names stay", "AKIAIOSFODNN7EXAMPLE of svc-deployer, prod/payments/db, https://a.example/x?y=1", "AKIAIOSFODNN7EXAMPLE of svc-deployer, prod/payments/db, https://a.example/x?y=1"},
		{"github", "found ghp_" + canary + " in CI", "found [github token 2e07ff2b] in CI"},
		{"github, fine-grained", "github_pat_" + canary, "[github token ed3c8af8]"},
		{"gitlab", "glpat-" + canary, "[gitlab token 50086915]"},
		{"slack", "(xoxb-1234-" + canary + ")", "([slack token f703c019])"},
		{"webhook", "https://hooks.slack.com/services/T0/B0/" + canary, "https://hooks.slack.com/services/[webhook]"},
		{"stripe", "sk_live_" + canary, "[stripe key 60aef2ad]"},
		{"jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0." + canary, "[jwt 41f2dda8]"},
		{"vault", "hvs." + canary, "[vault token 8fe9a821]"},
		{"pem", "key: -----BEGIN RSA PRIVATE KEY-----\n" + canary + "\n-----END RSA PRIVATE KEY----- end", "key: [private key df49f38d] end"},
		{"pem, cut", "-----BEGIN PRIVATE KEY-----\n" + canary, "[private key 6a75a137]"},
		{"user info", "postgres://app:" + canary + "@db.example/x", "postgres://app:[password]@db.example/x"},
		{"bearer", "Authorization: Bearer " + canary, "Authorization: Bearer [bearer token]"},
		{"parameter", "https://a.example/cb?code=1&access_token=" + canary + "&x=2", "https://a.example/cb?code=1&access_token=[secret]&x=2"},
		{"short password", "password=hunter2", "password=[secret]"},
		{"in JSON", `{"note":"ghp_` + canary + `"}`, `{"note":"[github token 2e07ff2b]"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Mask(tt.text)
			if got != tt.want {
				t.Errorf("Mask(%q)\n got %q\nwant %q", tt.text, got, tt.want)
			}
			if again := Mask(got); again != got {
				t.Errorf("masked twice it is %q, then %q", got, again)
			}
		})
	}
	if a, b := MaskName("?password=hunter2"), MaskName("?password=hunter3"); a == b || strings.Contains(a, "hunter") {
		t.Errorf("two names are %q and %q", a, b)
	}
	if a, b := Mask("leak/ghp_"+canary+"1"), Mask("leak/ghp_"+canary+"2"); a == b {
		t.Errorf("two tokens are one: %s", a)
	}
}

// What is masked is not there any more, wherever it stands.
func FuzzMask(f *testing.F) {
	f.Add("found ", " in CI", uint8(0))
	f.Add("https://a.example/?x=1&token=", "&y=2", uint8(3))
	f.Add("=", "\n", uint8(7))
	forms := []string{
		"ghp_" + canary, "glpat-" + canary, "xoxb-" + canary, "sk_live_" + canary, "hvs." + canary, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0." + canary,
		"-----BEGIN PRIVATE KEY-----\n" + canary + "\n-----END PRIVATE KEY-----", "Bearer " + canary,
	}
	f.Fuzz(func(t *testing.T, before, after string, form uint8) {
		if strings.Contains(before+after, canary) || !utf8.ValidString(before+after) {
			t.Skip()
		}
		got := Mask(before + " " + forms[int(form)%len(forms)] + " " + after)
		if strings.Contains(got, canary) {
			t.Errorf("%q is left in %q", canary, got)
		}
		if again := Mask(got); again != got {
			t.Errorf("masked twice it is %q, then %q", got, again)
		}
	})
}

func BenchmarkMask(b *testing.B) {
	for name, text := range map[string]string{
		"plain": "rotation failed 3 times in createSecret",
		"link":  "https://github.com/example-org/hello-world/actions/runs/1234567890/job/12",
		"token": "found ghp_" + canary + " in CI",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Mask(text)
			}
		})
	}
}
