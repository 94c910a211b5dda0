"""The examples in docs/CONFIGURATION.md, one for each section."""

from __future__ import annotations

from collections.abc import Mapping

EXAMPLES: Mapping[str, str] = {
    "": """\
quality_threshold: 9.0
max_iterations: 15
workspace: ~/tumbling
log_level: debug
notify: [sh, -c, 'notify-send "$TUMBLER_PROJECT: $TUMBLER_STATUS"']
agent_providers: {}   # and the other sections, each as shown below
providers: {local: {type: ollama}}
limits: {}
watch: {}
verification: {}
architect: {}
engineer: {}
""",
    "agent_providers": """\
agent_providers:
  architect: local
  engineer: coder
  verifier: auto
""",
    "providers.NAME": """\
providers:
  local:
    type: ollama
    base_url: http://workstation:11434
    model: qwen2.5-coder:7b
    context_length: 16384
    keep_alive: 30m
    temperature: 0.1
    seed: 7
  coder:
    type: openai
    base_url: https://models.example.com/v1
    model: large-coder
    api_key_env: CODER_KEY
    profile: L
    max_output_tokens: 16384
    thinking: 4096
    token_param: max_completion_tokens
    max_concurrency: 4
    connect_timeout: 5
    first_token_timeout: 120
    silence_timeout: 30
    extra: {top_p: 0.9}
    prices: {input: 0.40, output: 1.60}
  small:
    type: embedded
    threads: 4
""",
    "providers.NAME.prices": """\
providers:
  coder:
    type: openai
    model: large-coder
    prices:
      input: 0.40
      output: 1.60
      cached: 0.10
""",
    "limits": """\
limits:
  max_tokens: 2000000
  max_cost: 1.5
  max_minutes: 90
  max_calls: unlimited
  max_concurrent_projects: 4
  daily: {max_cost: 10}
""",
    "limits.daily": """\
limits:
  daily:
    max_tokens: 20000000
    max_cost: 10
    max_minutes: 480
    max_calls: 2000
""",
    "watch": """\
watch:
  debounce_seconds: 3
  rescan_seconds: 10
  polling: always
""",
    "verification": """\
verification:
  sandbox: bwrap
  test_timeout: 300
  each_test_timeout: 60
  example_timeout: 30
  install_timeout: 1200
  memory_mb: 4096
  processes: 256
  coverage: false
  lint: false
  vacuity: false
  python: "3.12"
  exclude_newer_days: 0
  cache_dir: /var/cache/tumbler
""",
    "architect": """\
architect:
  acceptance: always
""",
    "engineer": """\
engineer:
  answer_format: json
""",
}
"""By section: values other than the defaults, together every key. The tests load each of them."""
