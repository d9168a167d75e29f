package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

// Mask returns text without the credentials in it that can be told by their form,
// each replaced by what it was: "[github token 5f3a9c01]". An alert carries no
// credential; this is for the one that does all the same. The eight digits are of
// the credential's SHA-256, so that two that differ stay two, as far as they are
// long and random; of what people may have chosen there are none.
//
// What is known: tokens of GitHub, GitLab, Slack, Stripe, Google, npm, PyPI,
// SendGrid, DigitalOcean, Hugging Face, OpenAI and Anthropic, HashiCorp Vault and
// OpenBao; JSON Web Tokens; private keys in PEM; what follows Bearer and Basic; the
// password in a URL's user info; Slack's and Discord's webhook URLs; and the values of
// parameters such as token=, password= and signature=. An AWS access key id is a
// name, and stays. Mask of a masked text changes nothing.
func Mask(text string) string { return mask(text, false) }

// MaskName is Mask for what names something, such as a key: every credential
// leaves digits of its SHA-256, so that two names that differ stay two. An alert
// that is taken for another would be lost.
func MaskName(name string) string { return mask(name, true) }

func mask(text string, distinct bool) string {
	if !suspicious(text) {
		return text
	}
	for _, s := range secrets {
		if strings.Contains(text, s.marker) {
			text = s.re.ReplaceAllStringFunc(text, func(found string) string { return s.mask(found, distinct) })
		}
	}
	return text
}

// leastRun is the shortest that an unbroken run of characters is with a token in
// it.
const leastRun = 20

// suspicious is a cheap look at whether a text can hold a credential: whether it
// has a long run without a blank, or what stands before a short one.
func suspicious(s string) bool {
	run := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c <= ' ':
			run = 0
			continue
		case c == '=', c == '@':
			return true
		}
		if run++; run >= leastRun {
			return true
		}
	}
	return strings.Contains(s, "earer ") || strings.Contains(s, "asic ")
}

// secret is one form of credential.
type secret struct {
	name   string
	marker string // stands in every one
	re     *regexp.Regexp
	framed bool // the expression's groups are what stands before it, itself, and what stands behind
	chosen bool // people may have chosen it
}

// mask replaces one find.
func (s secret) mask(found string, distinct bool) string {
	head, body, tail := "", found, ""
	if s.framed {
		m := s.re.FindStringSubmatch(found)
		head, body = m[1], m[2]
		if len(m) > 3 {
			tail = m[3]
		}
	}
	if strings.HasPrefix(body, "[") {
		return found // masked already
	}
	if s.chosen && !distinct {
		return head + "[" + s.name + "]" + tail
	}
	sum := sha256.Sum256([]byte(body))
	return head + "[" + s.name + " " + hex.EncodeToString(sum[:4]) + "]" + tail
}

func token(name, marker, re string) secret {
	return secret{name: name, marker: marker, re: regexp.MustCompile(re)}
}

func framed(name, marker, re string) secret {
	return secret{name: name, marker: marker, re: regexp.MustCompile(re), framed: true, chosen: true}
}

// parameters are the names of parameters whose values are secret.
const parameters = `access_token|refresh_token|id_token|token|auth|authorization|api_?key|apikey|access_?key|secret_?key|client_secret|secret|password|passwd|pwd|passphrase|signature|sig|x-amz-signature|x-amz-security-token|private_?key|credential|jwt|session_?key`

// secrets are looked for in this order: what holds others comes first.
var secrets = []secret{
	token("private key", "PRIVATE KEY", `(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|$)`),
	framed("webhook", "hooks.slack.com/", `(hooks\.slack\.com/(?:services|workflows|triggers)/)([^\s"'<>]+)`),
	framed("webhook", "/api/webhooks/", `(/api/webhooks/[0-9]+/)([^\s"'<>]+)`),
	framed("password", "@", `([A-Za-z][A-Za-z0-9+.-]*://[^\s/?#@:]*:)([^\s/@]+)(@)`),
	token("github token", "ghp_", `\bghp_[A-Za-z0-9]{16,}`),
	token("github token", "gho_", `\bgho_[A-Za-z0-9]{16,}`),
	token("github token", "ghu_", `\bghu_[A-Za-z0-9]{16,}`),
	token("github token", "ghs_", `\bghs_[A-Za-z0-9]{16,}`),
	token("github token", "ghr_", `\bghr_[A-Za-z0-9]{16,}`),
	token("github token", "github_pat_", `\bgithub_pat_[A-Za-z0-9_]{16,}`),
	token("gitlab token", "gl", `\bgl(?:pat|ptt|dt|rt|cbt|imt|soat|agent|oas|ft)-[A-Za-z0-9_.-]{16,}`),
	token("slack token", "xox", `\bxox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,}`),
	token("slack token", "xapp-", `\bxapp-[A-Za-z0-9-]{10,}`),
	token("stripe key", "_live_", `\b(?:sk|rk|whsec)_live_[A-Za-z0-9]{10,}`),
	token("stripe key", "_test_", `\b(?:sk|rk)_test_[A-Za-z0-9]{10,}`),
	token("stripe key", "whsec_", `\bwhsec_[A-Za-z0-9]{16,}`),
	token("google key", "AIza", `\bAIza[A-Za-z0-9_-]{35}`),
	token("google token", "ya29.", `\bya29\.[A-Za-z0-9_-]{16,}`),
	token("npm token", "npm_", `\bnpm_[A-Za-z0-9]{30,}`),
	token("pypi token", "pypi-", `\bpypi-[A-Za-z0-9_-]{40,}`),
	token("sendgrid key", "SG.", `\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}`),
	token("digitalocean token", "_v1_", `\bdo[opr]_v1_[a-f0-9]{32,}`),
	token("hugging face token", "hf_", `\bhf_[A-Za-z0-9]{30,}`),
	token("api key", "sk-", `\bsk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_-]{20,}`),
	token("vault token", "hv", `\bhv[sbr]\.[A-Za-z0-9_-]{20,}`),
	token("jwt", "eyJ", `\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*`),
	framed("bearer token", "earer ", `([Bb]earer +)([A-Za-z0-9._~+/=-]{8,})`),
	framed("basic credentials", "asic ", `([Bb]asic +)([A-Za-z0-9+/=]{8,})`),
	framed("secret", "=", `(?i)(\b(?:`+parameters+`)=["']?)([^\s&;,"'#]{4,})`),
}
