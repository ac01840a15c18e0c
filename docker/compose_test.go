package docker

import (
	"slices"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
)

// compose reads compose.yaml as `docker compose config` does.
func compose(t *testing.T, profiles ...string) types.Services {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{"../compose.yaml"}, cli.WithProfiles(profiles))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project.Services
}

func TestCompose(t *testing.T) {
	if got := compose(t).GetProfiles(); len(got) > 0 || len(compose(t)) != 1 {
		t.Errorf("`docker compose up` starts %d services with the profiles %q, want the one on the CPU", len(compose(t)), got)
	}
	services := compose(t, "cuda")
	for _, name := range []string{"lab", "cuda"} {
		s, found := services[name]
		if !found {
			t.Fatalf("no service %q", name)
		}
		if !slices.ContainsFunc(stages(t), func(stage instructions.Stage) bool { return stage.Name == s.Build.Target }) {
			t.Errorf("%s: target %q, which the Dockerfile lacks", name, s.Build.Target)
		}
		if len(s.Ports) != 1 || s.Ports[0].HostIP != "127.0.0.1" || s.Ports[0].Target != 8888 {
			t.Errorf("%s: ports %+v, want 8888, for this machine alone", name, s.Ports)
		}
		for _, path := range volumes(t) {
			if !slices.ContainsFunc(s.Volumes, func(v types.ServiceVolumeConfig) bool { return v.Target == path }) {
				t.Errorf("%s: no volume for %s", name, path)
			}
		}
	}
	if cpu := services["lab"]; cpu.Build.Target != "cpu" || cpu.Deploy != nil {
		t.Errorf("lab has the target %q and %+v, want cpu and no GPU", cpu.Build.Target, cpu.Deploy)
	}
	gpu := services["cuda"]
	if gpu.Build.Target != "cuda" || gpu.Deploy == nil || gpu.Deploy.Resources.Reservations == nil {
		t.Fatalf("cuda has the target %q and %+v, want cuda and a GPU", gpu.Build.Target, gpu.Deploy)
	}
	devices := gpu.Deploy.Resources.Reservations.Devices
	if len(devices) != 1 || devices[0].Driver != "nvidia" || !slices.Contains(devices[0].Capabilities, "gpu") {
		t.Errorf("cuda reserves %+v, want an NVIDIA GPU", devices)
	}
}

// volumes lists the folders that the Dockerfile declares as volumes.
func volumes(t *testing.T) (paths []string) {
	t.Helper()
	for _, s := range stages(t) {
		for _, c := range s.Commands {
			if v, ok := c.(*instructions.VolumeCommand); ok {
				paths = append(paths, v.Volumes...)
			}
		}
	}
	return paths
}
