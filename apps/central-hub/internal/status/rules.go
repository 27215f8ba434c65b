package status

import "time"

// memoryLimit is where the process manager restarts the hub (max_memory_restart: 300M),
// in bytes.
const memoryLimit = 300 << 20

// slow is the latency from which on a database is no longer healthy.
const slow = time.Second

// From warnPercent on a share is degraded, above failPercent it is unhealthy.
const (
	warnPercent = 80
	failPercent = 95
)

// usage grades a share of memory or CPU, in percent.
func usage(percent float64) State {
	switch {
	case percent > failPercent:
		return Unhealthy
	case percent >= warnPercent:
		return Degraded
	default:
		return Healthy
	}
}

func databaseState(r result) State {
	switch {
	case r.err != nil:
		return Unhealthy
	case r.took >= slow:
		return Degraded
	default:
		return Healthy
	}
}

// sessionManagerState is never critical: most of the hub works without.
func sessionManagerState(r result) State {
	if r.err != nil {
		return Degraded
	}
	return Healthy
}

// worst returns the worst of states.
func worst(states ...State) State {
	all := Healthy
	for _, s := range states {
		if s == Unhealthy || (s == Degraded && all == Healthy) {
			all = s
		}
	}
	return all
}
