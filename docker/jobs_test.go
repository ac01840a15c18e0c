package docker

import (
	"os"
	"strconv"
	"testing"

	"go.yaml.in/yaml/v4"
)

// job is what is read of a Kubernetes job.
type job struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Spec       struct {
		CompletionMode string `yaml:"completionMode"`
		Completions    int
		Parallelism    int
		Template       struct {
			Spec struct {
				RestartPolicy string `yaml:"restartPolicy"`
				Containers    []struct {
					Command []string
					Env     []struct{ Name, Value string }
				}
				Volumes []struct{ Name string }
			}
		}
	}
}

// The job is an indexed one, whose tasks are told how many there are, and start a script that there is.
func TestJob(t *testing.T) {
	text, err := os.ReadFile("benchmark.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var j job
	if err := yaml.Unmarshal(text, &j); err != nil {
		t.Fatal(err)
	}
	if j.APIVersion != "batch/v1" || j.Kind != "Job" || j.Spec.CompletionMode != "Indexed" || j.Spec.Parallelism > j.Spec.Completions {
		t.Errorf("benchmark.yaml is no indexed job of batch/v1: %+v", j)
	}
	pod := j.Spec.Template.Spec
	if pod.RestartPolicy != "Never" || len(pod.Containers) != 1 {
		t.Fatalf("its pods are %+v", pod)
	}
	told := ""
	for _, v := range pod.Containers[0].Env {
		if v.Name == "JOB_COMPLETIONS" {
			told = v.Value
		}
	}
	if told != strconv.Itoa(j.Spec.Completions) {
		t.Errorf("tasks are told that there are %q of them, want %d", told, j.Spec.Completions)
	}
	if command := pod.Containers[0].Command; len(command) == 0 || command[0] != "docker/shard.sh" {
		t.Errorf("it starts %q, want docker/shard.sh", command)
	}
}
