// Package policy is the rule language of an escalation: what an alert about a
// machine identity says, who has to hear of it, when, and what a machine may do
// meanwhile. A document is compiled once and is immutable; what happens under it
// is package escalation's.
//
// # Reading a document
//
// [Parse] reads JSON with the standard library alone. YAML is read by package
// policyfile, which hands this one a neutral tree ([Node]); the same document
// has the same [Digest] in both. Every fault of a document is reported at once
// as [Errors], each with file, line, column, the line itself, and a suggestion
// where a name is close to a known one:
//
//	policies.yaml:14:7: unknown field "notfy" in tier "secondary"
//	   14 |       notfy: [team:x]
//	      |       ^ did you mean "notify"?
//
// [Document.Choose] finds the policy that governs an alert, [Document.PriorityOf]
// its priority; both take [Facts], what is known of the alert now.
//
// # The format
//
// One document with every section. What is not written has the default that the
// comments give; a short policy is a name, a match, and tiers. A `description`
// may stand in every map. Unknown fields, names that stand twice, and durations
// without a unit are errors.
//
//	version: 1
//
//	# The priority of an alert whose policy names none: the first line that holds.
//	# Absent: points for severity 0–4, criticality 0–3, blast radius 0 1 1 2 2 3 3
//	# (either of the last two absent: 2); from 8 on P1, 6 P2, 4 P3, 2 P4, else P5.
//	# A table is total, and raising a scale never lowers the result.
//	priority:
//	  - {when: ["criticality >= critical", "severity >= high"], is: P1}
//	  - {is: P3}
//
//	# Who people are. A section that is absent is the host's, and its names are
//	# taken as known; what a section lists is all there is.
//	directory:
//	  people:
//	    alice: {timezone: Europe/Berlin, contact: [{via: push}, {via: sms, after: 1m}]}
//	    bob: {}                         # one rule, at once, via "default"
//	    mallory: {}
//	  teams: {platform: [alice, bob]}
//	  roles: {secops: [alice, bob], lead: [bob]}
//	  services: {release-bot: {behind: alice}}
//	  owners: {svc-deployer: "team:platform"}   # where an alert names no owner
//	  channels: {sms: {give_up: 2m, bundle: 2m, limit: [{max: 3, per: 15m}], depends: {identities: [sms-gateway]}}}
//	  hours: {business: {timezone: Europe/Berlin, windows: [{days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:00"}]}}
//	  schedules:
//	    iam-oncall:
//	      timezone: America/Chicago
//	      rotations:                    # every N h, d, w or mo of the wall clock
//	        primary: {every: 1w, start: "2026-01-05T09:00", members: [alice, [bob, alice]]}
//	      layers:                       # the last with somebody on wins
//	        - always: [rotation:primary]
//	        - windows: [{days: [sat], from: "22:00", to: "06:00", who: [bob]}]
//	        - shifts: [{from: "2026-03-01T00:00Z", to: "2026-03-02T00:00Z", who: [alice]}]
//	      overrides: [{from: "2026-03-04T00:00", to: "2026-03-05T00:00", who: [bob], replaces: [alice]}]
//	      temporary: [{from: "2026-04-01T00:00", to: "2026-04-08T00:00", shifts: []}]
//
//	# Who may send what: any, people, responders, services, or a user:, team:,
//	# role: or service:. These are the defaults but for verify's rotator. A policy
//	# has an `authority` of its own for the lines that it narrows.
//	authority:
//	  acknowledge: [people]
//	  resolve: [people, services]
//	  verify: [responders, "service:rotator"]
//	  silence: [people]
//	  rebase: []
//	  release: [people]
//
//	operations: {read: allow}           # open, and no gate's
//	default: token-expiry               # absent: the built-in "unmatched"
//
//	policies:                           # the first that matches governs
//	  - name: token-expiry
//	    match:                          # all must hold; absent: every alert
//	      - kind in [credential_expiring, credential_expired]
//	      - identity.criticality >= high
//	      - labels.team =~ "pay.*"      # RE2, anchored
//	      - not: [labels.planned = true]
//	      - any: [identity.third_party = true, blast_radius >= environment]
//	    priority: P2
//	    parties: ["user:mallory"]       # part of the problem, beside the alert's own
//	    grace: 0s                       # at most 1h
//	    deadlines:
//	      renew_by: {at: expiry}        # outcome: resolved
//	      contain_by: {at: open + 1h, outcome: contained}
//	    tracks:                         # at most 8; `tiers` directly is the track main
//	      main:
//	        when: [severity >= low]     # read at open and at each rise
//	        repeat: 0                   # further passes, at most 20
//	        from: owner                 # where they begin; default the first tier
//	        tiers:                      # at most 64
//	          - {name: owner, notify: [owner], wait: 5m}            # wait: 15m
//	          - {name: backup, notify: [team:platform]}
//	          - name: iam
//	            notify: [schedule:iam-oncall, {to: "role:lead", via: [sms], essential: true}]
//	            at: renew_by - 30m      # the tier above lasts until then and has no wait
//	            unless: resolved        # or acknowledged, the default of waited tiers
//	            ack: any                # any, all, a number, none
//	            every: 2m               # off; at least 1m
//	            pick: all               # or next
//	            empty: skip             # or wait
//	            unreachable: advance    # or wait
//	            when: [priority >= P2, count >= 1, age < 30d]
//	            during: business        # off
//	            run: [pause-automation, disable]
//	    ack: {timeout: 8h, remind: 1h, resume: next}                # remind: off
//	    refire: {acknowledged: ignore, resolved: new, within: 10m}
//	    rise: reopen                    # or restart, ignore
//	    actions:
//	      - run: disable-key            # a name that the host registered
//	        name: disable               # default: the run name
//	        at: open                    # absent: only a `run` list starts it
//	        mode: auto                  # or approve, dry_run, off
//	        guard: ["identity.criticality < critical", count >= 3]
//	        budget: {max: 20, weight: 100, per: 1h}
//	        timeout: 30s
//	        retries: 0
//	        approve: {by: [role:secops], approvals: 1, within: 15m}
//	        undo: {within: 1h, approve: {by: [role:secops]}}
//	        tell: [role:secops]         # default: the targets of the current tiers
//	    gates:
//	      - name: deploy
//	        operations: [deploy, use]
//	        close: renew_by             # an anchor, or never
//	        decision: deny              # or hold
//	        open: resolved              # or review, or an anchor such as gate:re-enable
//	        review:
//	          stages:                   # all of them; one person counts once in all
//	            - {name: security, by: [role:secops], approvals: 1}
//	          exclude: ["user:mallory"]
//	          evidence: [credential_rotated]
//	          remind: 4h                # off
//	          after: 84h                # half of within
//	          fallback: [role:lead]
//	          within: 7d
//	          for: 1h
//	          resolve: false
//	        break_glass: {by: [role:lead], for: 1h, tell: [role:secops], review: {within: 24h}}
//	    reviews:
//	      - {name: access, at: resolved, by: [owner], answers: [keep, reduce, remove]}
//	    exhausted: {notify: [role:lead], every: 1h, run: [freeze]}  # the last resort; 1h at P1 and P2, else 24h
//
//	expectations:                       # success by then, or open an alert
//	  - name: nightly-rotation
//	    key: db/main
//	    every: 1d
//	    grace: 30m                      # 0s
//	    starts: now                     # or first, which needs arm_by
//	    alert: {kind: rotation_failed, severity: high, identity: {id: db-main}}
//
// # Conditions
//
// A condition is FIELD OPERATOR VALUE. Unordered fields are key, kind, source,
// summary, labels.NAME and identity.id, .kind, .owner, .privilege, .environment,
// .credential_version; they take = != in =~ !~. Ordered fields are severity,
// identity.criticality (or criticality), blast_radius and priority; they take
// = != < <= > >= in. confidence and count are whole numbers, age is a duration,
// identity.third_party is true or false, hours(NAME) stands alone. count, age
// and hours are for guards only (`when` of a track or tier, `guard`); priority
// is not for `match` and the priority table, from which it follows.
//
// A test on an unordered field that the alert lacks is false, under != and
// inside `not` too. An ordered field that is absent or unknown counts as the
// highest. A list holds when all of it holds, so `not: [a, b]` holds when not
// both do; "neither" is two items, or `not: [{any: [a, b]}]`.
//
// # Anchors
//
// An anchor is NAME or NAME ± DURATION, or a list of which the earliest known
// instant counts. Names are open, expiry, window.opens, window.closes,
// times.NAME, a deadline's name, and the events acknowledged, resolved,
// exhausted, raised:LEVEL, tier:TRACK/NAME, gate:NAME, action:NAME,
// action:NAME/failed and evidence:NAME. `expiry - 15%` is that share of the time
// between open and expiry.
//
// # What is refused beside the form
//
// Deadlines or tiers that wait for one another; anchors of a track that run
// backwards, and a waited tier that is entered after an anchored one below it,
// where that is known; a review whose stages cannot be filled; a policy of
// priority P1, or one whose match names a leak kind, that tells no person; a
// policy without a track, a gate or a review; a priority table that is not total
// and monotone; a rotation without members, or whose start the clocks jump over;
// hours without windows; two overrides that replace one person at once. What is
// merely unwise is a linter's.
//
// Of deadlines, gates, reviews and actions a policy has at most 64 each. A text
// is at most 4 MiB, its values at most 200,000 and nested at most 64 deep.
//
// # Canonical form
//
// [Document.Canonical] is the document without its directory as JSON with
// sorted fields. The entries of `tracks` and `deadlines` keep their order, for
// it says what comes first when several are due at one instant. Digests are
// SHA-256 over that form; values count as they are written, so `60m` and `1h`
// are two documents.
//
// # Compatibility
//
// The format only grows: a document that loads today loads tomorrow and means
// the same. A change of meaning needs another `version`.
package policy
