package audit_test

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/belfry-go/belfry/escalation/audit"
	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

func Example() {
	ctx := context.Background()
	st := store.NewMemory()
	rotationFailed(ctx, st)

	var export bytes.Buffer
	if err := audit.Export(ctx, st, &export); err != nil {
		fmt.Println(err)
		return
	}
	v, err := audit.Verify(bytes.NewReader(export.Bytes()), audit.Trust{})
	fmt.Println(v.Whole(), v.Faults, err)

	report, err := audit.NewReport(&export, "db/main", 0, audit.Trust{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range report.Told {
		fmt.Println(t.Kind, t.To, t.Reason, t.Result)
	}
	for _, c := range report.Relevant {
		fmt.Println("relevant to", c.Catalogue, c.ID)
	}
	// Output:
	// true [] <nil>
	// page user:alice initial delivered
	// relevant to NIST CSF 2.0 RS.MA-04
	// relevant to NIST CSF 2.0 RS.CO-02
	// relevant to NIST SP 800-53 Rev. 5 IR-4
	// relevant to NIST SP 800-53 Rev. 5 IR-6
	// relevant to OWASP Non-Human Identities Top 10 2025 NHI7:2025
}

// rotationFailed has an engine tell somebody of something.
func rotationFailed(ctx context.Context, st store.Store) {
	doc, err := policy.Parse("p.json", []byte(`{"version": 1, "policies": [{"name": "p", "tiers": [{"name": "owner", "notify": ["user:alice"]}]}]}`))
	if err != nil {
		panic(err)
	}
	eng, err := engine.New(engine.Config{Policies: doc, Notifier: notify.Writer(new(bytes.Buffer)), LastResort: notify.Writer(os.Stderr), Store: st})
	if err != nil {
		panic(err)
	}
	alert := policy.Alert{Key: "db/main", Kind: policy.RotationFailed, Severity: policy.SeverityLow, Identity: policy.Identity{ID: "db", Criticality: policy.CriticalityLow}}
	if _, err := eng.Trigger(ctx, alert, engine.By(policy.Service("rotator"))); err != nil {
		panic(err)
	}
	if err := eng.Settle(ctx); err != nil {
		panic(err)
	}
}
