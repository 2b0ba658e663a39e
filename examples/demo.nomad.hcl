# For your own image with lprobe in it, on Nomad with its Docker driver and Consul: a check of type "script" runs in the task.
# Nomad's own service provider has no such checks.
#
# Tests read this file as HCL, compare it with the parameters that Nomad documents, and run its commands in the image. Nomad
# itself has not run it.
job "demo" {
  group "demo" {
    service {
      name     = "demo"
      provider = "consul"
      task     = "service"

      # Consul treats exit code 1 as a warning, and its DNS still returns such a service unless `only_passing` is set. Nomad
      # counts warnings as failures, in an update and before a restart. Its documentation asks for a timeout of 5 s or more.
      check {
        type     = "script"
        command  = "/lprobe"
        args     = ["http://localhost:8080/healthz"]
        interval = "10s"
        timeout  = "5s"
        check_restart {
          limit = 3
          grace = "30s"
        }
      }
      # Or see failures within two seconds, with one exec every 25 seconds, as docs/node.md says:
      # check {
      #   type     = "script"
      #   command  = "/lprobe"
      #   args     = ["--watch", "25s", "http://localhost:8080/healthz"]
      #   interval = "1s"
      #   timeout  = "30s"
      #   check_restart {
      #     limit = 3
      #     grace = "30s"
      #   }
      # }
    }

    task "service" {
      driver = "docker"
      user   = "65532:65532"

      config {
        image           = "demo:0.1.0"
        args            = ["8080"]
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
        pids_limit      = 16
        # Without this, the image's own HEALTHCHECK would run too.
        healthchecks {
          disable = true
        }
      }

      resources {
        cpu    = 100
        memory = 32
      }
    }
  }
}
