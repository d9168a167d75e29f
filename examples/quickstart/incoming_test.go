package main

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/belfry-go/belfry/policy"
)

func loadInventory(t *testing.T) inventory {
	t.Helper()
	src, err := files.ReadFile("inventory.json")
	if err != nil {
		t.Fatal(err)
	}
	inv, err := readInventory(src)
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

func event(t *testing.T, name string) []byte {
	t.Helper()
	src, err := os.ReadFile("events/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func at(s string) time.Time { return onTheDay(s) }

func TestParsers(t *testing.T) {
	inv := loadInventory(t)
	const arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/payments/db-a1B2c3"
	leak := policy.Alert{
		Key: "example-org/hello-world/42", Kind: policy.SecretLeaked, Severity: policy.SeverityHigh,
		Summary: "Stripe API Key in example-org/hello-world", Source: "github",
		Labels:      map[string]string{"location": "ci_log", "audience": "internal"},
		Links:       []string{"https://github.com/example-org/hello-world/security/secret-scanning/42"},
		Parties:     []policy.Target{policy.User("octocat")},
		Identity:    inv["example-org/hello-world/stripe_api_key"].Identity,
		BlastRadius: policy.BlastService,
		Times:       map[string]time.Time{"discovered": at("10:01:02")},
	}
	public := leak
	public.Severity = policy.SeverityCritical
	public.Labels = map[string]string{"location": "ci_log", "audience": "public"}

	tests := []struct {
		file  string
		parse parser
		want  incoming
	}{
		{"secretsmanager-rotation-failed.json", secretsManager, incoming{
			At: at("00:50:20"), By: policy.Service("secrets-manager"), What: "AWS Secrets Manager RotationFailed", Key: "prod/payments/db",
			Alert: &policy.Alert{
				Key: "prod/payments/db", Kind: policy.RotationFailed, Severity: policy.SeverityHigh, Source: "aws.secretsmanager",
				Summary:  "Error when executing lambda arn:aws:lambda:eu-west-1:123456789012:function:rotate-payments-db during createSecret step",
				Identity: inv[arn].Identity, BlastRadius: policy.BlastOrganization, Labels: map[string]string{},
			},
		}},
		{"secretsmanager-rotation-succeeded.json", secretsManager, incoming{
			At: at("01:05:02"), By: policy.Service("secrets-manager"), What: "AWS Secrets Manager RotationSucceeded",
			Key: "prod/payments/db", Outcome: "rotated",
		}},
		{"certmanager-failing.json", certManager, incoming{
			At: at("08:12:01"), By: policy.Service("cert-manager"), What: "cert-manager Certificate failing", Key: "payments/payments-tls",
			Alert: &policy.Alert{
				Key: "payments/payments-tls", Kind: policy.CredentialExpiring, Severity: policy.SeverityHigh, Source: "cert-manager",
				Summary:  `renewal failed 3 times: The certificate request has failed to complete and will be retried: order is in "errored" state`,
				Identity: inv["payments/payments-tls"].Identity, BlastRadius: policy.BlastProduction,
				Labels:    map[string]string{"expires_in_window": "true"},
				ExpiresAt: at("20:20:44"), Window: policy.Window{Opens: at("09:30:00"), Closes: at("21:00:00")},
			},
		}},
		{"certmanager-issued.json", certManager, incoming{
			At: at("09:20:44"), By: policy.Service("cert-manager"), What: "cert-manager Certificate issued",
			Key: "payments/payments-tls", Outcome: "issued",
		}},
		{"github-created.json", gitHub, incoming{
			At: at("10:01:02"), By: policy.Service("github"), What: "GitHub secret scanning created", Key: leak.Key, Alert: &leak,
		}},
		{"github-publicly-leaked.json", gitHub, incoming{
			At: at("11:30:00"), By: policy.Service("github"), What: "GitHub secret scanning publicly_leaked", Key: leak.Key, Alert: &public,
		}},
		{"github-validated-inactive.json", gitHub, incoming{
			At: at("12:00:00"), By: policy.Service("github"), What: "GitHub secret scanning validated", Key: leak.Key, Outcome: "contained",
		}},
		{"github-resolved.json", gitHub, incoming{
			At: at("12:05:00"), By: policy.Service("github"), What: "GitHub secret scanning resolved", Key: leak.Key, Outcome: "revoked", Closes: true,
		}},
		{"partner-inactive.json", partner, incoming{
			At: at("12:30:00"), By: policy.Service("partner-inventory"), What: "Partner inventory inactive", Key: "partner-acme-sync",
			Alert: &policy.Alert{
				Key: "partner-acme-sync", Kind: policy.IdentityInactive, Severity: policy.SeverityLow, Source: "partner-inventory",
				Summary:  "not used for 97 days, 90 are approved",
				Identity: inv["partner-acme-sync"].Identity, BlastRadius: policy.BlastService,
				Labels: map[string]string{"inactive_days": "97"},
			},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			got, err := tt.parse(event(t, tt.file), inv)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What is of no concern is told apart from what cannot be read: the one is
// answered with a success to whoever delivers it, the other is not.
func TestParsersRefuse(t *testing.T) {
	tests := []struct {
		name      string
		parse     parser
		payload   string
		unhandled bool
	}{
		{"another source", secretsManager, `{"source": "aws.s3"}`, false},
		{"no JSON", secretsManager, `<html>`, false},
		{"another event", secretsManager, `{"source": "aws.secretsmanager", "detail": {"eventName": "TestRotationSucceeded", "additionalEventData": {"SecretId": "a"}}}`, true},
		{"ping", gitHub, `{"zen": "Keep it logically awesome."}`, false},
		{"still valid", gitHub, `{"action": "validated", "alert": {"number": 1, "validity": "active"}, "repository": {"full_name": "o/r"}}`, true},
		{"another object", certManager, `{"kind": "Pod"}`, false},
		{"a healthy certificate", certManager, `{"kind": "Certificate", "metadata": {"name": "c"}, "status": {"conditions": [{"type": "Ready", "reason": "Ready"}]}}`, true},
		{"only begun", certManager, `{"kind": "Event", "involvedObject": {"kind": "Certificate", "name": "c"}, "reason": "Issuing", "message": "Issuing certificate as Secret does not exist"}`, true},
		{"another type", partner, `{"specversion": "1.0", "type": "x", "subject": "s"}`, false},
		{"active enough", partner, `{"specversion": "1.0", "type": "` + inactiveType + `", "subject": "s", "time": "2026-11-20T00:00:00Z", "data": {"last_used_at": "2026-11-19T00:00:00Z", "approved_inactive_days": 90}}`, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.parse([]byte(tt.payload), inventory{})
			if err == nil {
				t.Fatalf("got %+v; want an error", got)
			}
			if is := errors.Is(err, errUnhandled); is != tt.unhandled {
				t.Errorf("error %q is errUnhandled: %t, want %t", err, is, tt.unhandled)
			}
		})
	}
}

// An identity that nobody knows is not an unimportant one.
func TestUnknownCredential(t *testing.T) {
	got, err := secretsManager(event(t, "secretsmanager-rotation-failed.json"), inventory{})
	if err != nil {
		t.Fatal(err)
	}
	id := got.Alert.Identity
	if level, known := id.Criticality.Level(); known || level != 4 || !strings.HasPrefix(id.ID, "arn:aws:") {
		t.Errorf("identity %+v; want the credential's own name, and an unknown criticality", id)
	}
}

func TestSecretName(t *testing.T) {
	for arn, want := range map[string]string{
		"arn:aws:secretsmanager:eu-west-1:1:secret:prod/db-a1B2c3": "prod/db",
		"arn:aws:secretsmanager:eu-west-1:1:secret:prod-db":        "prod-db",
		"arn:aws:secretsmanager:eu-west-1:1:secret:-a1B2c3":        "-a1B2c3",
		"not an ARN": "not an ARN",
	} {
		if got := secretName(arn); got != want {
			t.Errorf("secretName(%q) = %q, want %q", arn, got, want)
		}
	}
}

func FuzzParsers(f *testing.F) {
	entries, err := files.ReadDir("events")
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range entries {
		src, err := files.ReadFile("events/" + e.Name())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		for _, parse := range []parser{secretsManager, gitHub, certManager, partner} {
			in, err := parse(payload, inventory{})
			if err == nil && in.Key == "" {
				t.Errorf("an event without a key: %+v", in)
			}
			if err == nil && (in.Alert == nil) == (in.Outcome == "") {
				t.Errorf("neither or both of a problem and a success: %+v", in)
			}
		}
	})
}
