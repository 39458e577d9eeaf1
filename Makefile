# The tools that check the code, pinned; make fetches them through the module proxy.
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0

# How long each fuzzer runs: make fuzz FUZZTIME=5m
FUZZTIME = 10s

# How many nodes and seeds a simulation has, and where the seeds begin: make sim NODES=200 SEEDS=1, which takes an hour of one
# core and 11 GB of memory; 100 nodes take a fraction of that.
NODES = 7
SEEDS = 100
SEED = 1

.PHONY: run build test race sim routers fuzz gallery check lint vuln

# Three invented countries on this machine; ctrl-C stops them.
run: build
	@bin/gmcn demo

build:
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o bin/gmcn ./cmd/gmcn

# The simulations of whole networks take minutes on two cores, and longer on a busy machine.
test:
	go test -timeout 40m ./...

race:
	go test -timeout 120m -race ./...

# Networks of real nodes under seeded faults, held against the invariants of docs/protocol.md. A seed that fails is printed.
sim:
	go test ./node -run '^TestSim$$' -timeout 0 -v -nodes $(NODES) -seed $(SEED) -seeds $(SEEDS)

# Real nodes behind real routers: networks of this machine's kernel, so as root, with iproute2, nftables and miniupnpd.
routers:
	go test ./cmd/gmcn -run 'RealRouters|RouterOpensOurPorts' -v -routers

fuzz:
	@set -e; \
	for file in $$(grep -rl --include='*_test.go' '^func Fuzz' .); do \
		for name in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9]*\).*/\1/p' $$file); do \
			echo "$$file $$name"; \
			go test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) ./$$(dirname $$file); \
		done; \
	done

# Posters of every awkward case in every language and format, which takes some minutes.
gallery:
	go test ./ui/poster -run Gallery -all -timeout 60m

# Everything that must hold before a change is sent.
check: lint vuln test

lint:
	@unformatted=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
	if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	go run $(STATICCHECK) ./...

# Status 3 is a finding. Any other failure means that the database of vulnerabilities could not be read.
vuln:
	@GOBIN=$(CURDIR)/bin/tools go install $(GOVULNCHECK)
	@bin/tools/govulncheck ./... || { status=$$?; if [ $$status -eq 3 ]; then exit 1; fi; \
		echo "govulncheck did not run (status $$status), most likely without a network: vulnerabilities were NOT looked for"; }
