-- Every key name of a namespace. The root key, `{namespace/0}`, is the one that callers declare;
-- all others begin with it and so live in its slot. The legend is in lua/README.md.
-- Queues are named by their number: short, and free of whatever a user's name may hold.

local keys = {}

function keys.job(step, jid)
  return step.root .. "job:" .. jid
end

function keys.payload(step, jid)
  return step.root .. "payload:" .. jid
end

function keys.result(step, jid)
  return step.root .. "result:" .. jid
end

function keys.job_ring(step, jid)
  return step.root .. "job-ring:" .. jid
end

function keys.failure(step, jid)
  return step.root .. "failure:" .. jid
end

function keys.unique(step, key)
  return step.root .. "unique:" .. key
end

function keys.parents(step, jid)
  return step.root .. "parents:" .. jid
end

function keys.dependents(step, jid)
  return step.root .. "dependents:" .. jid
end

-- The jobs on which a member of a flow depends or did.
function keys.lineage(step, jid)
  return step.root .. "lineage:" .. jid
end

function keys.flow(step, id)
  return step.root .. "flow:" .. id
end

function keys.members(step, id)
  return step.root .. "members:" .. id
end

function keys.flow_ring(step, id)
  return step.root .. "flow-ring:" .. id
end

function keys.template(step, jid)
  return step.root .. "template:" .. jid
end

function keys.limit(step, name)
  return step.root .. "limit:" .. name
end

function keys.bucket(step, name)
  return step.root .. "bucket:" .. name
end

function keys.slots(step, name)
  return step.root .. "slots:" .. name
end

function keys.queued(step, name)
  return step.root .. "queued:" .. name
end

function keys.parked(step, queue, name)
  return step.root .. "parked:" .. queue.number .. ":" .. name
end

function keys.line(step, key)
  return step.root .. "line:" .. key
end

-- The lane of a tenant; jobs without one wait in the queue's own waiting set.
function keys.lane(step, queue, tenant)
  if tenant == "" then
    return keys.waiting(step, queue)
  end
  return step.root .. "lane:" .. queue.number .. ":" .. tenant
end

-- The name of a queue's key is made once a call.
local function of_queue(kind)
  return function(step, queue)
    local name = queue.keys[kind]
    if not name then
      name = step.root .. kind .. ":" .. queue.number
      queue.keys[kind] = name
    end
    return name
  end
end

keys.waiting = of_queue("waiting")
keys.running = of_queue("running")
keys.throttled = of_queue("throttled")
keys.turns = of_queue("turns")
keys.tenants = of_queue("tenants")
keys.scheduled = of_queue("scheduled")
keys.depends = of_queue("depends")
keys.complete = of_queue("complete")
keys.failed = of_queue("failed")
keys.recurring = of_queue("recurring")
keys.ring = of_queue("ring")

function keys.stats(step, queue, day)
  return step.root .. "stats:" .. day .. ":" .. queue.number
end

function keys.histogram(step, queue, day)
  return step.root .. "histogram:" .. day .. ":" .. queue.number
end

function keys.journal(step, queue, day)
  return step.root .. "samples:" .. day .. ":" .. queue.number
end

function keys.group(step, group)
  return step.root .. "group:" .. group
end

function keys.tag(step, tag)
  return step.root .. "tag:" .. tag
end

function keys.worker(step, worker)
  return step.root .. "worker:" .. worker
end

function keys.request(step, request)
  return step.root .. "request:" .. request
end

function keys.lock(step, name)
  return step.root .. "lock:" .. name
end

function keys.lock_ring(step, name)
  return step.root .. "lock-ring:" .. name
end

function keys.rate(step, name)
  return step.root .. "rate:" .. name
end

function keys.sequence(step)
  return step.root .. "sequence"
end

function keys.clock(step)
  return step.root .. "clock"
end

function keys.limits(step)
  return step.root .. "limits"
end

function keys.parking(step)
  return step.root .. "parking"
end

function keys.openings(step)
  return step.root .. "openings"
end

function keys.weights(step)
  return step.root .. "weights"
end

function keys.laned(step)
  return step.root .. "laned"
end

function keys.queues(step)
  return step.root .. "queues"
end

function keys.groups(step)
  return step.root .. "groups"
end

function keys.tags(step)
  return step.root .. "tags"
end

function keys.tracked(step)
  return step.root .. "tracked"
end

function keys.workers(step)
  return step.root .. "workers"
end

function keys.deadlines(step)
  return step.root .. "deadlines"
end

function keys.flows(step)
  return step.root .. "flows"
end

-- Flows with which the tick has something to do.
function keys.pending(step)
  return step.root .. "pending"
end

function keys.ended(step)
  return step.root .. "ended"
end

function keys.refills(step)
  return step.root .. "refills"
end

function keys.events(step)
  return step.root .. "events"
end

return keys
