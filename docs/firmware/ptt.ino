// Push-to-talk for roadcall on an Arduino. Switch between pin 2 and ground, LED on pin 13.
// Protocol: ../buttons.md
const int SWITCH = 2, LAMP = 13;
int lamp = 0, wasDown = -1;
unsigned long sentMs = 0;

void setup() {
  pinMode(SWITCH, INPUT_PULLUP);
  pinMode(LAMP, OUTPUT);
  Serial.begin(115200);
  Serial.setTimeout(20);
}

void loop() {
  int isDown = digitalRead(SWITCH) == LOW;
  if (isDown != wasDown || millis() - sentMs > 1000) {
    Serial.println(isDown ? "PTT 1" : "PTT 0");  // raw: roadcall debounces
    wasDown = isDown;
    sentMs = millis();
  }
  if (Serial.available()) {
    String line = Serial.readStringUntil('\n');
    if (line.startsWith("LED ")) lamp = line.substring(4).toInt();
  }
  unsigned long pause = lamp == 2 ? 150 : lamp == 3 ? 600 : 0;
  digitalWrite(LAMP, pause ? millis() / pause % 2 : lamp == 1);
  delay(2);
}
