-- Of a sorted set whose scores are moments: the members whose moment has come, at most `most`, the
-- earliest first; and the moment of the one after them, or nil.

return function(step, key, most)
  local list = redis.call("ZRANGE", key, 0, most, "WITHSCORES")
  local members = {}
  for position = 1, #list, 2 do
    local moment = tonumber(list[position + 1])
    if moment > step.now or #members == most then
      return members, moment
    end
    members[#members + 1] = list[position]
  end
  return members, nil
end
