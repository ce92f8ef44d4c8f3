-- One step of a ledger, as mateo-http's budget/ledger.rs takes it: its comments say why. A test holds the two alike.
-- KEYS[1] is the ledger, ARGV[1] the operation; ARGV[2] is a time in milliseconds, for that test alone.

local MORE_THAN, SPREAD, WIDE_SPREAD, STRAY, WHOLE, LEAST_SHARE = 1, 300, 900, 500, 1000, 250
local LATE, SOONEST, TICKETS, FOLLOWED, REMEMBERED = 300, 2, 64, 64, 8
local DAY, SLOT = (24 * 60 + 1) * 60 * 1000, 30 * 60 * 1000
local EXPIRES = 26 * 60 * 60 * 1000
local floor, max, min = math.floor, math.max, math.min

-- What is null is not there.
local function decode(json)
  local function clean(object)
    for key, value in pairs(object) do
      if value == cjson.null then object[key] = nil elseif type(value) == 'table' then clean(value) end
    end
    return object
  end
  return clean(cjson.decode(json))
end

local op = decode(ARGV[1])
local terms = op.terms
local stored = redis.call('GET', KEYS[1])
local state = stored and cjson.decode(stored) or {}
local L = state.ledger or {}
L.epoch, L.version, L.keep = L.epoch or 0, L.version or 0, L.keep or 0
L.hold, L.held, L.unused, L.halved, L.trip = L.hold or 0, L.held or 0, L.unused or 0, L.halved or 0, L.trip or 0
L.absorbed, L.sent, L.waiting, L.day = L.absorbed or {}, L.sent or {}, L.waiting or {}, L.day or {}
local day = L.day
day.slots, day['until'] = day.slots or {}, day['until'] or 0

-- The server's clock; one that goes back, as that of a replica may, stands still instead.
local clock = redis.call('TIME')
local wall, over = tonumber(clock[1]) * 1000 + floor(tonumber(clock[2]) / 1000), tonumber(clock[2]) % 1000
if ARGV[2] then wall, over = tonumber(ARGV[2]), 0 end
local now = (state.time or wall) + max(0, wall - (state.wall or wall))

local function filter(list, keeps)
  local kept = {}
  for _, item in ipairs(list) do
    if keeps(item) then kept[#kept + 1] = item end
  end
  return kept
end

-- The day.

local function leaves(slot) return (slot + 1) * SLOT + DAY end

local function charge(requests, at)
  local slot = floor(at / SLOT)
  if day.left then day.left = max(0, day.left - requests) end
  local last = day.slots[#day.slots]
  if last and last[1] >= slot then
    last[2] = last[2] + requests
  else
    day.slots[#day.slots + 1] = { slot, requests }
  end
end

local function refund(at)
  local slot = floor(at / SLOT)
  for _, counted in ipairs(day.slots) do
    if counted[1] == slot and counted[2] > 0 then
      counted[2] = counted[2] - 1
      if day.left then day.left = day.left + 1 end
      return
    end
  end
end

local function expire()
  day.slots = filter(day.slots, function(slot) return leaves(slot[1]) > now and slot[2] > 0 end)
  if day['until'] <= now then day.left, day['until'] = nil, 0 end
end

local function absorb(other)
  for _, counted in ipairs(other.slots or {}) do
    local slot, found = min(counted[1], floor(now / SLOT)), nil
    for _, own in ipairs(day.slots) do
      if own[1] == slot then found = own end
    end
    if found then
      found[2] = found[2] + counted[2]
    else
      day.slots[#day.slots + 1] = { slot, counted[2] }
    end
  end
  table.sort(day.slots, function(one, two) return one[1] < two[1] end)
end

local function left()
  local counted = nil
  if terms.per_day then
    local limit = terms.per_day
    if day.limit and (day.limit < limit or not terms.day_is_set) then limit = day.limit end
    local spent = 0
    for _, slot in ipairs(day.slots) do spent = spent + slot[2] end
    counted = max(0, limit - spent)
  end
  if counted and day.left then return min(counted, day.left) end
  return counted or day.left
end

-- The second.

local function rate()
  local own = terms.rate
  if not own then return nil end
  local limit, window = own.limit, own.window
  local stated = L.stated
  if stated then
    local raises = stated.window * own.limit < own.window * stated.limit
    if not raises or (stated.sure ~= 0 and not terms.rate_is_set) then
      limit, window = stated.limit, stated.window
      if limit > FOLLOWED then
        limit, window = FOLLOWED, floor((window * FOLLOWED + limit - 1) / limit)
      end
    end
  end
  return { limit = limit, window = floor(window * WHOLE / (WHOLE - L.unused)) }
end

local function remember(limit, sent)
  L.keep = max(L.keep, limit, L.stated and min(L.stated.limit, FOLLOWED) or 0)
  L.sent[#L.sent + 1] = sent
  while #L.sent > 2 * L.keep do
    local first = 1
    for index, other in ipairs(L.sent) do
      if other.by < L.sent[first].by then first = index end
    end
    table.remove(L.sent, first)
  end
end

local function find(id)
  for index, sent in ipairs(L.sent) do
    if sent.id == id then return sent, index end
  end
end

local function close(id, by)
  local sent = find(id)
  if sent then sent.by, sent.open = min(sent.by, by), 0 end
end

local function arrivals(soonest)
  local by = {}
  for index, sent in ipairs(L.sent) do
    by[index] = sent.by
    if soonest and sent.open ~= 0 then by[index] = min(sent.by, max(sent.at, now)) end
  end
  return by
end

local function last()
  local at = nil
  for _, sent in ipairs(L.sent) do at = max(at or sent.at, sent.at) end
  return at
end

local function earliest(rate, by, last, from)
  local at = max(from, L.hold)
  if not rate then return at end
  if last then
    local spread = L.unused == 0 and SPREAD or WIDE_SPREAD
    at = max(at, last + floor(floor(rate.window * spread / WHOLE) / rate.limit))
  end
  table.sort(by, function(one, two) return one > two end)
  local first = by[rate.limit]
  return first and max(at, first + rate.window + MORE_THAN) or at
end

local function hold_for(wait)
  L.hold, L.held = max(L.hold, now + wait), now
end

local function answered()
  local sent = find(op.id)
  local at = sent and sent.at
  close(op.id, now)
  if at then L.trip = floor((L.trip * 7 + max(0, now - at)) / 8) end
  if op.rate then L.stated = op.rate end
  local exhausted = op.exhausted
  if exhausted then
    local since, ours = (at or now) - exhausted.window, 0
    for _, other in ipairs(L.sent) do
      if other.by >= since then ours = ours + 1 end
    end
    local own = terms.rate and terms.rate.limit or exhausted.limit
    if ours < min(exhausted.limit, own) or exhausted.reset > exhausted.window + 1000 then
      hold_for(exhausted.reset)
    end
  end
  if op.rejected then
    local in_force = rate()
    local window = in_force and in_force.window or 1000
    hold_for(op.wait or window)
    if L.halved == 0 or now >= L.halved + window then
      L.unused = WHOLE - max(floor((WHOLE - L.unused) / 2), LEAST_SHARE)
      L.halved = now
    end
  else
    L.unused = max(0, L.unused - 10)
    if at and at >= L.held and not exhausted then L.hold = 0 end
  end
  local in_flight = #filter(L.sent, function(other) return other.open ~= 0 end)
  if op.day_limit then day.limit = op.day_limit end
  if op.day_left and op.day_reset then
    day.left, day['until'] = max(0, op.day_left - in_flight), now + op.day_reset
  end
end

-- The queue.

local function is_late(ticket) return ticket['until'] + LATE < now end

local function due(rate, ahead)
  local by = arrivals(true)
  local at = earliest(rate, by, last(), now)
  for _ = 1, ahead do
    by[#by + 1] = at
    at = earliest(rate, by, at, at)
  end
  return at
end

local function acquire()
  local sent = find(op.id)
  if sent then return { verdict = 'granted', after = max(0, sent.at - now) } end
  L.waiting = filter(L.waiting, function(ticket) return ticket['until'] + terms.lease > now end)
  local order = now + op.patience
  for _, ticket in ipairs(L.waiting) do
    if ticket.who == op.who then order = min(order, ticket.order) end
  end
  L.waiting = filter(L.waiting, function(ticket) return ticket.who ~= op.who end)
  local ahead = #filter(L.waiting, function(ticket)
    local is_before = ticket.order < order or (ticket.order == order and ticket.who < op.who)
    return is_before and not is_late(ticket)
  end)
  local remaining = left()
  if remaining and remaining <= ahead then return { verdict = 'spent' } end
  local in_force = rate()
  local at = due(in_force, ahead)
  if at - now > op.within then return { verdict = 'late' } end
  local window = in_force and in_force.window or 0
  if ahead == 0 and at - now <= window and earliest(in_force, arrivals(false), last(), now) == at then
    L.version = L.version + 1
    charge(1, at)
    remember(terms.rate and terms.rate.limit or 1, { id = op.id, at = at, by = at + terms.lease, open = 1 })
    return { verdict = 'granted', after = at - now }
  end
  local again = max(at - floor(window / 2), now + SOONEST)
  if #L.waiting < TICKETS then
    L.waiting[#L.waiting + 1] = { who = op.who, order = order, ['until'] = again }
  end
  return { verdict = 'wait', after = again - now }
end

-- Ledgers that were lost.

local function recount(requests)
  L.version = L.version + requests
  charge(requests, now)
end

local function begin_again(epoch, version)
  L.epoch = op.fresh
  L.absorbed[#L.absorbed + 1] = { epoch, version }
  while #L.absorbed > REMEMBERED do table.remove(L.absorbed, 1) end
  local limit = terms.rate and terms.rate.limit or 0
  for _ = 1, limit do
    remember(limit, { id = 0, at = now, by = now + terms.lease, open = 0 })
  end
end

local function recognise()
  if not op.known then
    if L.epoch == 0 then L.epoch = op.fresh end
    return true
  end
  local epoch, version = op.known[1], op.known[2]
  if epoch == L.epoch then
    if version > L.version then
      local lost = version - L.version
      begin_again(epoch, version)
      recount(lost)
    end
    return true
  end
  for _, seen in ipairs(L.absorbed) do
    if seen[1] == epoch then
      if version > seen[2] then
        local more = version - seen[2]
        seen[2] = version
        recount(more)
      end
      return true
    end
  end
  local known = op.ledger
  if not known then return false end
  absorb(known.day or {})
  for _, other in ipairs(known.absorbed or {}) do
    local is_new = true
    for _, own in ipairs(L.absorbed) do
      if own[1] == other[1] then is_new = false end
    end
    if is_new then L.absorbed[#L.absorbed + 1] = other end
  end
  if L.epoch ~= 0 then L.absorbed[#L.absorbed + 1] = { L.epoch, L.version } end
  L.version = L.version + (known.version or 0)
  L.hold, L.unused = max(L.hold, known.hold or 0), max(L.unused, known.unused or 0)
  L.stated = L.stated or known.stated
  begin_again(epoch, version)
  return true
end

local reply
if not recognise() then
  reply = { verdict = 'lost' }
else
  expire()
  reply = { verdict = 'done' }
  if op.act == 'acquire' then
    reply = acquire()
  elseif op.act == 'answer' then
    answered()
  elseif op.act == 'abandon' then
    close(op.id, now + STRAY)
  elseif op.act == 'return' then
    local sent, index = find(op.id)
    if sent then
      table.remove(L.sent, index)
      refund(sent.at)
    end
  elseif op.act == 'leave' then
    L.waiting = filter(L.waiting, function(ticket) return ticket.who ~= op.who end)
  end
end

-- An empty table would be written as an object.
for _, list in ipairs({ 'absorbed', 'sent', 'waiting' }) do
  if #L[list] == 0 then L[list] = nil end
end
if #day.slots == 0 then day.slots = nil end
if reply.verdict ~= 'lost' then
  redis.call('SET', KEYS[1], cjson.encode({ time = now, wall = wall, ledger = L }), 'PX', EXPIRES)
end
reply.now, reply.over, reply.ledger = now, over, L
return cjson.encode(reply)
