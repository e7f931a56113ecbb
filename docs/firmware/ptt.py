# Push-to-talk for roadcall on a Raspberry Pi Pico or an ESP32: save as main.py (MicroPython).
# Switch between pin 15 and ground, LED on pin 25. Protocol: ../buttons.md
import select
import sys
from time import sleep_ms, ticks_diff, ticks_ms

from machine import Pin

switch = Pin(15, Pin.IN, Pin.PULL_UP)
led = Pin(25, Pin.OUT)
stdin = select.poll()
stdin.register(sys.stdin, select.POLLIN)
blink_ms = {2: 150, 3: 600}  # thinking, speaking

lamp = 0
line = ""
was_down = None
sent_ms = 0
while True:
    is_down = switch.value() == 0
    if is_down != was_down or ticks_diff(ticks_ms(), sent_ms) > 1000:
        print("PTT 1" if is_down else "PTT 0")  # raw: roadcall debounces
        was_down, sent_ms = is_down, ticks_ms()
    while stdin.poll(0):
        char = sys.stdin.read(1)
        if char == "\n":
            if line.startswith("LED ") and line[4:].strip().isdigit():
                lamp = int(line[4:])
            line = ""
        else:
            line = (line + char)[-16:]
    pause = blink_ms.get(lamp)
    led.value(lamp == 1 if pause is None else ticks_ms() // pause % 2)
    sleep_ms(2)
