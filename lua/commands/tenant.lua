-- tenant: how many turns a tenant has for each one of the others, in all queues.
--
-- Args: tenant, weight (1 to limits.WEIGHT; empty: 1 again).
-- Returns: the weight.
-- Errors: INVALID.
-- Events: config.
-- Cost: O(1).

local arguments = require("rules.arguments")
local events = require("store.events")
local keys = require("store.keys")
local limits = require("rules.limits")
local writes = require("store.writes")

local tenant = {}

function tenant.parse(_, args)
  arguments.count(args, 2)
  return {
    tenant = arguments.name(args[1], "tenant"),
    weight = arguments.optional(args[2], "weight", 1, limits.WEIGHT) or 1,
  }
end

function tenant.apply(step, request)
  if request.weight == 1 then
    writes.one(step, "HDEL", keys.weights(step), request.tenant)
  else
    writes.pair(step, "HSET", keys.weights(step), request.tenant, request.weight)
  end
  events.report(step, "config", nil, "", "", "tenant:" .. request.tenant)
  return request.weight
end

return tenant
